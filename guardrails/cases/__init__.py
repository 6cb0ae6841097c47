"""Policy cases: facts in, effect and deciding rules out, as files that anyone can add."""
