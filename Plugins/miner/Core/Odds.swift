/// How likely a proof is from what is still to be read.
package enum Odds {
    /// The chance that a Poisson number of the given mean is at least `least`.
    ///
    /// Weights relative to the mode's, so that no mean is too large to be counted.
    package static func tail(mean: Double, least: Int) -> Double {
        guard least > 0 else { return 1 }
        guard mean > 0, mean.isFinite, mean < 1e12 else { return mean > 0 ? 1 : 0 }
        let mode = Int(mean)
        var (all, above) = (0.0, 0.0)
        func count(_ number: Int, _ weight: Double) {
            all += weight
            if number >= least { above += weight }
        }
        var (number, weight) = (mode, 1.0)
        while weight > 1e-17 {
            count(number, weight)
            number += 1
            weight *= mean / Double(number)
        }
        (number, weight) = (mode, 1.0)
        while number > 0 {
            weight *= Double(number) / mean
            number -= 1
            guard weight > 1e-17 else { break }
            count(number, weight)
        }
        return above / all
    }

    /// The chance that any of some nonces reaches `needed`.
    ///
    /// - Parameters:
    ///   - found: what each nonce has already.
    ///   - mean: good labels that each is expected to have in what is left.
    package static func any(found: [Int], needed: Int, mean: Double) -> Double {
        // Many nonces have the same count: each count is computed once.
        var none = 1.0
        for (count, times) in Dictionary(found.map { ($0, 1) }, uniquingKeysWith: +) {
            let miss = 1 - tail(mean: mean, least: needed - count)
            for _ in 0..<times { none *= miss }
        }
        return 1 - none
    }
}
