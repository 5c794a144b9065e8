"""How fast it is: both sides measured in one go on one machine, and their ratio."""
