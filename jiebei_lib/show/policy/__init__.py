"""What people see of a policy: its controls, and what hangs on each of them."""
