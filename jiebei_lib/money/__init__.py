"""What a loan costs, on time and late (article ¶17-¶20). The numbers that are not in the contract are in ../cost.yaml.

plan: instalments. arrears: what is owed on a day, and what waiting adds. rates: per-year rates and the lines that courts and
regulators draw. table: many loans at once. budget: can I afford it. reminders: a calendar file.
"""
