"""What decides at this moment, and where it comes from: the model, the policy, the catalogue, and what is stopped."""
