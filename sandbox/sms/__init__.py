"""SMS: Twilio's Messages on one side, people's phones on the other."""
