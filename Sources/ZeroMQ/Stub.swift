enum ZeroMQStub {}
