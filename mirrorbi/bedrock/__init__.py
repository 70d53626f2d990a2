"""Claude on Amazon Bedrock: what is sent is disclosed, what comes back is checked."""
