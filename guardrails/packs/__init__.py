"""Rule packs by jurisdiction, as data, and how a policy includes them."""
