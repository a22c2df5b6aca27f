"""duly, a lawful overdue-notice engine for lenders."""
