enum NodeBusTestingStub {}
