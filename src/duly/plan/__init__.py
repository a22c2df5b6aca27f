"""What is due today: book × strategy × law × text → a plan. Pure: nothing here asks the time or the world."""
