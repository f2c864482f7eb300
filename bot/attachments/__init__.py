"""Files of people and agents: judged by their content, scanned, sealed and handed out again."""
