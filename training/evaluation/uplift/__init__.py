"""How well uplift is ranked and calibrated."""
