# Text in, text out: RUN lines call the built programs, FileCheck reads what they print.
import os
import lit.formats

config.name = "nnc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".nn", ".nnir", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt"]
config.test_source_root = os.path.join(config.nnc_source, "tests", "lit")
config.test_exec_root = os.path.join(config.nnc_binary, "tests", "lit")

# Longest names first: substitutions are textual, in this order.
config.substitutions.append(("%nnc-opt", os.path.join(config.nnc_binary, "bin", "nnc-opt")))
config.substitutions.append(("%nnc", os.path.join(config.nnc_binary, "bin", "nnc")))
config.substitutions.append(("%examples", os.path.join(config.nnc_source, "examples")))
config.substitutions.append(("%python", "/usr/bin/python3 -B"))
config.environment["PATH"] = os.pathsep.join(["/usr/lib/llvm-19/bin", config.environment.get("PATH", "")])
config.environment["NO_COLOR"] = "1"
for name in ("NNC_DATA_PATH", "NNC_BLAS_CORE", "NNC_CODEGEN"):
    config.environment.pop(name, None)
if config.nnc_sanitize == "ON":
    config.available_features.add("sanitize")
