"""What is known of a case and what follows from it: the case, the policy, the readings, the score, the assessment.

No money, no log, no page.
"""
