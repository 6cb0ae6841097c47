"""From a request to the committed decision, by the model or by a person."""
