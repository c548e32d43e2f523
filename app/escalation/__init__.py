"""Pure arithmetic of escalation: numbers in, a judgement with reasons out. No clock, no database, no chance.

`following` keeps a case and its clock, `judge` says how bad it is and why, `alerts` makes alert changes of that.
"""
