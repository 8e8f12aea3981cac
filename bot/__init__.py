"""The program and its faces: command line, service, chat, pages. Composition: `bot.app`."""
