package import NodeProtocol

extension BusClient {
    private static var figuresEveryMilliseconds: UInt64 { 5000 }

    /// Publishes figures under Prometheus names every five seconds, until the task is cancelled.
    package func publishFigures(_ figures: @Sendable () async -> [(String, Double)]) async {
        await publishSamples {
            await figures().map { name, value in
                var sample = Spacenode_System_V1_Sample()
                sample.name = name
                sample.value = value
                return sample
            }
        }
    }

    /// The same for figures that have labels.
    package func publishSamples(_ samples: @Sendable () async -> [Spacenode_System_V1_Sample]) async {
        while !Task.isCancelled {
            await pause(Self.figuresEveryMilliseconds)
            guard !Task.isCancelled else { return }
            var metric = Spacenode_System_V1_Metric()
            metric.samples = await samples()
            // A figure that is lost is followed by the next.
            _ = try? await publish(SystemContract.metrics, metric)
        }
    }
}
