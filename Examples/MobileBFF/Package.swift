// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "MobileBFF",
    platforms: [.macOS(.v26)],
    products: [
        .library(name: "Models", targets: ["Models"])
    ],
    dependencies: [
        .package(name: "gatehouse", path: "../..")
    ],
    targets: [
        // What the services say and what the clients get: an app for iOS can depend on this alone.
        .target(name: "Models"),
        .target(name: "Dashboards", dependencies: ["Models", .product(name: "Gatehouse", package: "gatehouse")]),
        .executableTarget(
            name: "MobileBFF", dependencies: ["Dashboards", .product(name: "Gatehouse", package: "gatehouse")]),
        .testTarget(
            name: "DashboardsTests",
            dependencies: [
                "Dashboards", "Models", .product(name: "Gatehouse", package: "gatehouse"),
                .product(name: "GatehouseTesting", package: "gatehouse"),
            ]),
    ]
)
