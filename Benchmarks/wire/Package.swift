// swift-tools-version: 6.2
import PackageDescription

/// How long a head takes: `swift run -c release WireBenchmark`. A package of its own, so that the root stays lean; the
/// module's sources are linked in, because `package` access ends at a package's border.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
]

let package = Package(
    name: "wire-benchmark",
    platforms: [.macOS(.v26)],
    targets: [
        .target(name: "HTTPWire", swiftSettings: settings),
        .executableTarget(name: "WireBenchmark", dependencies: ["HTTPWire"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
