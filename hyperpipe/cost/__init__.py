"""What a run takes before it is started: operations, time and memory of its jobs, from its configuration."""
