"""What people see of the money of a loan, of a budget and of the credit record."""
