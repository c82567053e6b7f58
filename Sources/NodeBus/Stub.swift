enum NodeBusStub {}
