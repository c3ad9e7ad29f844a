"""Reading and checking YAML, and saying what is wrong with it. Nothing that knows what a rule means."""
