"""What servers answer about actions: members as last scored, and efficacies for requests that hold features alone."""
