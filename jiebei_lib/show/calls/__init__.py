"""What people see of an audited log: pictures, words, a letter, the export."""
