"""Days of simulated time over feeds of different rhythms."""
