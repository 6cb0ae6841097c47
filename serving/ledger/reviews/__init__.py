"""Cases that a person must decide: their queue, their life and their record."""
