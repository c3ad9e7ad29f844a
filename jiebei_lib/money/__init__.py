"""What a loan costs, on time and late (article ¶17-¶20), and the credit record. Numbers that no contract gives: cost.yaml. No pictures.

loan: what is known of a loan. plan: instalments. arrears: what is owed on a day, and what waiting adds. rates: per-year rates and the
lines that courts and regulators draw. table: many loans at once. budget: can I afford it. ways_out: how to end it. record: how long a
bad mark stands. calendar_file: reminders. summary: all of it for one loan.
"""
