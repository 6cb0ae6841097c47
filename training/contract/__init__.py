"""The data contract: engagement data as five tables, validated, normalised and digested."""
