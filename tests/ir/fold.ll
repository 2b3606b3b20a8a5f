; A fold is one counted loop whose body does not branch; its size does not depend on the cells.
; CHECK-LABEL: define {{.*}}i8 @rel_predicate_0(
; CHECK:       entry:
; CHECK-NEXT:  br label %cells
; CHECK:       cells:
; CHECK-NEXT:  %[[CELL:.*]] = phi i64 [ 0, %entry ]
; CHECK-NEXT:  %{{.*}} = phi i1 [ false, %entry ]
; CHECK-NEXT:  %{{.*}} = phi i1 [ false, %entry ]
; CHECK-NEXT:  %{{.*}} = phi i32 [ 0, %entry ]
; CHECK:       add nuw i64 0, %[[CELL]]
; CHECK:       %[[ANY_YES:.*]] = or i1
; CHECK:       %[[ANY_NO:.*]] = or i1
; CHECK:       %[[CAUSES:.*]] = or i32
; CHECK:       icmp ult i64 {{.*}}, 3
; CHECK-NEXT:  br i1 {{.*}}, label %cells, label %folded
; A failed source keeps the whole from being false; too little data elsewhere does not.
; CHECK:       %[[FAILED:.*]] = icmp uge i32 %[[CAUSES]], 4
; CHECK-NEXT:  %[[OPEN:.*]] = or i1 %[[ANY_YES]], %[[FAILED]]
; CHECK-NEXT:  %[[CLOSED:.*]] = xor i1 %[[OPEN]], true
; CHECK-NEXT:  and i1 %[[ANY_NO]], %[[CLOSED]]
; CHECK:       ret i8

; Five cells of two segments, which follow the three of the first aggregate in the frame.
; CHECK-LABEL: define {{.*}}i8 @rel_predicate_1(
; CHECK:       phi i1 [ true, %entry ]
; CHECK:       add nuw i64 3, %
; CHECK:       and i1
; CHECK:       icmp ult i64 {{.*}}, 5
; CHECK-NOT:   icmp uge
; CHECK:       ret i8
