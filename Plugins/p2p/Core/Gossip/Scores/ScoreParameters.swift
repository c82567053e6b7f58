/// How peers are judged: gossipsub v1.1 with the figures of Spacemesh, which were tried on a large network.
///
/// P3, the want of deliveries in a mesh, is left out: it blames whoever is slow, and nobody has figures for this
/// network yet.
package struct ScoreParameters: Hashable, Sendable {
    // MARK: - Thresholds

    /// Below, nothing is announced to a peer, nor asked of it.
    package var gossip = -500.0
    /// Below, no message of our own goes to it.
    package var publish = -1_000.0
    /// Below, nothing of it is listened to.
    package var graylist = -2_500.0
    /// From here on, the peers that it names are tried.
    package var exchange = 1_000.0
    /// When the middle one of a mesh is below, better ones are looked for.
    package var opportunity = 3.5

    // MARK: - In a topic

    /// P1: a point for each second in the mesh, up to an hour.
    package var timeWeight = 0.000_27
    package var timeCap = 3_600.0
    /// P2: messages that it was the first to bring.
    package var deliveryWeight = 5.0
    package var deliveryCap = 100.0
    /// To a hundredth within an hour.
    package var deliveryDecay = 0.998_721_6
    /// P4: bad messages, squared.
    package var invalidWeight = -1_000.0
    /// To a hundredth within an hour.
    package var invalidDecay = 0.998_721_6

    // MARK: - Of all topics

    /// P5: what the node thinks of it.
    package var applicationWeight = 1.0
    /// P6: peers of one network beyond a number, squared.
    package var neighbourWeight = -100.0
    package var neighbours = 3
    /// P7: breaches of the protocol beyond a number, squared.
    package var breachWeight = -10.0
    package var breaches = 6.0
    /// To a hundredth within ten minutes.
    package var breachDecay = 0.992_354_1
    /// Most bad messages and breaches that are counted.
    package var mostCounted = 10_000.0
    /// What has decayed to less is nothing.
    package var nothing = 0.01
    /// Milliseconds for which a bad score outlives its connection.
    package var retention: UInt64 = 6 * Milliseconds.hour

    /// The defaults.
    package init() {}
}
