internal import Logging
internal import RouterProcess

var endpoints = RouterEndpoints(runDirectory: CommandLine.arguments.dropFirst(2).first ?? "/tmp/sn")
var loop = try RouterLoop(RouterProcessSettings(endpoints: endpoints), logger: Logger(label: "router"))
try loop.run()
