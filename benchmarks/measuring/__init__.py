"""What every benchmark does alike: environments of peers, commands with their cost, documents."""
