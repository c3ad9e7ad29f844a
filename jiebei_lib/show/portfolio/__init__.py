"""What people see of a portfolio."""
