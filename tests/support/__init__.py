"""What several tests share: fakes, running servers, clients and waiting."""
