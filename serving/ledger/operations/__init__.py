"""What those who operate heed order and watch: stops, API keys, how its rules and probabilities do."""
