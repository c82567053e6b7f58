enum NodeConfigurationStub {}
