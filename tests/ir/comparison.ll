; A comparison is known when its operand has no cause, and nothing in it branches.
; CHECK: @rel_plan_hash = {{.*}}constant i64 {{-?[0-9]+}}
; CHECK-LABEL: define {{.*}}i8 @rel_predicate_0(ptr {{.*}}%values, ptr {{.*}}%causes, ptr {{.*}}%sustained)
; CHECK-NOT:   br{{ }}
; CHECK:       %[[VALUE:.*]] = load double
; CHECK:       %[[BYTE:.*]] = load i8
; CHECK:       %[[CAUSES:.*]] = zext i8 %[[BYTE]] to i32
; CHECK:       %[[HOLDS:.*]] = fcmp ogt double %[[VALUE]], 5.000000e-01
; CHECK:       %[[KNOWN:.*]] = icmp eq i32 %[[CAUSES]], 0
; CHECK:       %[[YES:.*]] = and i1 %[[HOLDS]], %[[KNOWN]]
; CHECK:       %[[NO:.*]] = xor i1 %[[KNOWN]], %[[YES]]
; The highest cause, spread downwards, plus one, less one when false.
; CHECK:       lshr i32 %[[CAUSES]], 1
; CHECK:       %[[WORST:.*]] = or i32
; CHECK:       %[[MINUS:.*]] = zext i1 %[[NO]] to i32
; CHECK:       sub i32 {{.*}}, %[[MINUS]]
; CHECK-NOT:   br{{ }}
; CHECK:       ret i8
