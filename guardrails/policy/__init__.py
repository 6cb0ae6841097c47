"""The policy file: loaded, validated and compiled to rules."""
