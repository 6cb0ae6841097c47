"""What can be found wrong with a policy before it has judged anybody."""
