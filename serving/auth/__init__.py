"""Authentication and authorization: API keys, roles, scopes, what routes require, rate limits."""
