"""What callers may do: the log of calls and messages, the rules of conduct by jurisdiction, and the audit of one by the other. No pictures."""
