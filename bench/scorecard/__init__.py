"""`make scorecard`: what callers see while providers fail, judged from outside."""
