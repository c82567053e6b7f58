enum ExampleCoreStub {}
