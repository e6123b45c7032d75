// Division of a module among compile threads.
#pragma once

namespace llvm {
class Module;
}

namespace nnc::codegen {

/// Keeps the bodies of the functions of part `part` of `parts`, about the same number of instructions in each, and
/// turns the others into declarations. Modules with equal functions are divided equally, so that their parts fit
/// together when they are linked: functions become visible to other objects of the same link.
void keepPart(llvm::Module& module, int part, int parts);

/// How many parts are worth it: the emission that every part repeats must stay small next to its share of the rest.
int usefulParts(const llvm::Module& module, int threads);

}  // namespace nnc::codegen
