"""The form engagement data takes before heed learns from it: five tables, checked, normalised, digested."""
