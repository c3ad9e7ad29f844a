"""What people see of published claims and of what observed cases change."""
