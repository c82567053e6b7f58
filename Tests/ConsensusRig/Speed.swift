import ArgumentParser

/// Figures.
struct Speed: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measures the core.")

    func run() throws {}
}
