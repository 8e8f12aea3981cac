"""Chat commands: what admins and everyone else may say to the bot."""
