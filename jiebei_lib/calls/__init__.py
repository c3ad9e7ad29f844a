"""What callers may do: the log of calls, the rules of conduct by jurisdiction, the audit of one by the other. No pictures."""
