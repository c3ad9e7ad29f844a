"""What people see of one case."""
